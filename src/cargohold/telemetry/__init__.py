"""What operators see: logs, metrics and the audit trail."""
