"""The vault: people, identifiers behind a blind index, fields sealed under a key per person and key group."""

from troth.vault.childhood import (
    Childhood,
    children,
    consent_to_sharing,
    verify_parent,
    withdraw_parent,
)
from troth.vault.choices import (
    people_who_said,
    release_purpose,
    restrict_purpose,
    restricted_above,
    restricted_purposes,
    stances_of,
    withdraw_stances,
)
from troth.vault.crypto import FORMAT, KEY_BYTES, new_secret, root_unwrap, root_wrap
from troth.vault.erasure import begin_erasure, begun_erasures, finish_erasure, sweep_orphan_keys
from troth.vault.errors import (
    KeyMissing,
    KeyTampered,
    MovedField,
    MovedPerson,
    MovedVersion,
    NotPermitted,
    Tampered,
    WrongRoot,
)
from troth.vault.field_erasure import destroy_groups, erase_fields, held_fields
from troth.vault.holding import (
    Held,
    adopt_submission,
    expired_submissions,
    held_names,
    held_submission,
    hold_submission,
    waiting_for,
)
from troth.vault.keyring import KeyRing
from troth.vault.model import PersonState, ReadWant, WriteWant, normalised, parted, slot_of
from troth.vault.pairing import WrongPair, check_pair, pair_stores, refuse_paired
from troth.vault.parcels import forget_parcels, keep_parcel, opened_parcel, prepare_parcels
from troth.vault.records import (
    Record,
    change_record,
    create_record,
    found_record,
    newest_records,
    records_of,
)
from troth.vault.rekeying import Rekeyed, rekey_persons
from troth.vault.rotation import Rotated, rotate_root, rotate_store_key
from troth.vault.selftest import try_sealing
from troth.vault.service import NewestKeys, Vault
from troth.vault.stances import STANCES, record_stance, withdraw_stance
from troth.vault.standing import Standing, standing_columns
from troth.vault.status import KeyStatus, StoreKeyStatus, key_status
from troth.vault.store_keys import RootKey, create_key_store
from troth.vault.suppression import (
    CHILD,
    ERASED,
    OBJECTED,
    dispose_listed,
    forget_reasons,
    listings,
    listings_of,
    release,
    suppress,
    suppress_person,
)
from troth.vault.walking import Page, page_of_people

__all__ = [
    "CHILD",
    "ERASED",
    "FORMAT",
    "KEY_BYTES",
    "OBJECTED",
    "STANCES",
    "Childhood",
    "Held",
    "KeyMissing",
    "KeyRing",
    "KeyStatus",
    "KeyTampered",
    "MovedField",
    "MovedPerson",
    "MovedVersion",
    "NewestKeys",
    "NotPermitted",
    "Page",
    "PersonState",
    "ReadWant",
    "Record",
    "Rekeyed",
    "RootKey",
    "Rotated",
    "Standing",
    "StoreKeyStatus",
    "Tampered",
    "Vault",
    "WriteWant",
    "WrongPair",
    "WrongRoot",
    "adopt_submission",
    "begin_erasure",
    "begun_erasures",
    "change_record",
    "check_pair",
    "children",
    "consent_to_sharing",
    "create_key_store",
    "create_record",
    "destroy_groups",
    "dispose_listed",
    "erase_fields",
    "expired_submissions",
    "finish_erasure",
    "forget_parcels",
    "forget_reasons",
    "found_record",
    "held_fields",
    "held_names",
    "held_submission",
    "hold_submission",
    "keep_parcel",
    "key_status",
    "listings",
    "listings_of",
    "new_secret",
    "newest_records",
    "normalised",
    "opened_parcel",
    "page_of_people",
    "pair_stores",
    "parted",
    "people_who_said",
    "prepare_parcels",
    "record_stance",
    "records_of",
    "refuse_paired",
    "rekey_persons",
    "release",
    "release_purpose",
    "restrict_purpose",
    "restricted_above",
    "restricted_purposes",
    "root_unwrap",
    "root_wrap",
    "rotate_root",
    "rotate_store_key",
    "slot_of",
    "stances_of",
    "standing_columns",
    "suppress",
    "suppress_person",
    "sweep_orphan_keys",
    "try_sealing",
    "verify_parent",
    "waiting_for",
    "withdraw_parent",
    "withdraw_stance",
    "withdraw_stances",
]
