"""The identity room: accounts, principals and their keys, and what proves who asks: signatures and registry tokens."""
