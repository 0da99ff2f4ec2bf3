"""The operations that are built, by service: what the AWS door does. What it cannot do yet stands in `pending`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from cargohold.aws.ecr import authorization, images, layers, repositories, resource_tags
from cargohold.aws.iam import absent, access_keys, accounts, groups, users
from cargohold.aws.operation import Operation
from cargohold.aws.sts import assume, caller, message, session

OPERATIONS: Final[Mapping[str, Sequence[Operation]]] = {
    "ecr": (
        authorization.get_authorization_token,
        repositories.create_repository,
        repositories.describe_repositories,
        repositories.put_image_tag_mutability,
        repositories.delete_repository,
        resource_tags.tag_resource,
        resource_tags.untag_resource,
        resource_tags.list_tags_for_resource,
        images.put_image,
        images.batch_get_image,
        images.batch_delete_image,
        images.list_images,
        images.describe_images,
        layers.batch_check_layer_availability,
        layers.get_download_url_for_layer,
        layers.initiate_layer_upload,
        layers.upload_layer_part,
        layers.complete_layer_upload,
    ),
    "sts": (
        caller.get_caller_identity,
        caller.get_access_key_info,
        assume.assume_role,
        session.get_session_token,
        message.decode_authorization_message,
    ),
    "iam": (
        users.create_user,
        users.get_user,
        users.list_users,
        users.update_user,
        users.delete_user,
        users.tag_user,
        users.untag_user,
        users.list_user_tags,
        groups.create_group,
        groups.get_group,
        groups.list_groups,
        groups.list_groups_for_user,
        groups.update_group,
        groups.delete_group,
        groups.add_user_to_group,
        groups.remove_user_from_group,
        access_keys.create_access_key,
        access_keys.update_access_key,
        access_keys.delete_access_key,
        access_keys.list_access_keys,
        access_keys.get_access_key_last_used,
        accounts.create_account_alias,
        accounts.list_account_aliases,
        accounts.delete_account_alias,
        accounts.get_account_summary,
        absent.get_login_profile,
        absent.delete_login_profile,
        absent.list_mfa_devices,
        absent.list_virtual_mfa_devices,
        absent.list_ssh_public_keys,
        absent.list_signing_certificates,
        absent.list_service_specific_credentials,
    ),
}
