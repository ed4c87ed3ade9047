"""Flows: stories that cross rooms: backups, with data and key store kept apart; requests, carried out place by place."""

from troth.flows.answering import Answering, Done, Finisher, HowFar, Part, Store, Work
from troth.flows.backup import (
    CLAIMS_FILE,
    DATA_FILE,
    ROWS_FILE,
    SEALED_FILE,
    SIGNER_FILE,
    Backup,
    Contents,
    Manifest,
    Progress,
    check_data,
    check_keys,
    copy_file,
    make_halves,
    write_backup,
)
from troth.flows.certified import certificate_in_words, printed_certificate
from troth.flows.certifying import Certifying
from troth.flows.copying import SAID, VALUES, OwnCopy, day, used_row
from troth.flows.correcting import (
    CORRECT,
    CORRECTIONS,
    Correction,
    CorrectionStore,
    corrections,
    given_corrections,
    said,
)
from troth.flows.package_forms import flat
from troth.flows.packages import Copies, Packages, VerifiedPackage, package_schema, verify_package, zipped
from troth.flows.places import ClosingStore, ForgettingStore, StayingStore, Stays
from troth.flows.reasons import told_why
from troth.flows.spool import Spool
from troth.flows.stopping import UsesStore
from troth.flows.telling import RecipientsStore
from troth.flows.vault_store import VaultStore
from troth.flows.wording import LANGUAGES, SOURCE, Wording, catalogue, chosen_language, wording

__all__ = [
    "CLAIMS_FILE",
    "CORRECT",
    "CORRECTIONS",
    "DATA_FILE",
    "LANGUAGES",
    "ROWS_FILE",
    "SAID",
    "SEALED_FILE",
    "SIGNER_FILE",
    "SOURCE",
    "VALUES",
    "Answering",
    "Backup",
    "Certifying",
    "ClosingStore",
    "Contents",
    "Copies",
    "Correction",
    "CorrectionStore",
    "Done",
    "Finisher",
    "ForgettingStore",
    "HowFar",
    "Manifest",
    "OwnCopy",
    "Packages",
    "Part",
    "Progress",
    "RecipientsStore",
    "Spool",
    "StayingStore",
    "Stays",
    "Store",
    "UsesStore",
    "VaultStore",
    "VerifiedPackage",
    "Wording",
    "Work",
    "catalogue",
    "certificate_in_words",
    "check_data",
    "check_keys",
    "chosen_language",
    "copy_file",
    "corrections",
    "day",
    "flat",
    "given_corrections",
    "make_halves",
    "package_schema",
    "printed_certificate",
    "said",
    "told_why",
    "used_row",
    "verify_package",
    "wording",
    "write_backup",
    "zipped",
]
