"""`troth stop`: staff note what people do not want to hear about."""

from pathlib import Path

from tests.clauses.vendor import Vendor

DENIED = 3
OPT_OUT = "essential.service.opt_out"


def test_a_stop_is_noted_from_standard_input(tmp_path: Path) -> None:
    """A telephone number that nobody has is stopped; the list holds no number; mistakes are told, and who may not is refused."""
    vendor = Vendor(tmp_path)
    file = tmp_path / "desk.key"
    file.write_text(vendor.key("staff.support", OPT_OUT), encoding="utf-8")
    file.chmod(0o600)
    head = ("--data", vendor.data, "stop", "add", "--key-file", file)
    given = "+1 650 555 0100\n"
    done = vendor.command(*head, "--field", "phone", "--topic", "offers", "--channel", "phone", text=given)
    assert "PERMIT" in done.stdout.upper()
    assert vendor.files_with("555 0100") == vendor.files_with("6505550100") == []
    (entry,) = [one for one in vendor.ledger() if one["act"] == "stop-topic"]
    assert (entry["detail"], entry["clauses"]) == ({"topic": "offers"}, ["II.14"])
    for wrong, told in (
        (("--field", "serial"), "Use one of"),
        (("--topic", "nothing"), "product-news"),
        (("--topic", "product-news", "--channel", "phone"), "Use one of email"),
    ):
        failed = vendor.command(*head, *wrong, text="ann@example.com\n", status=None)
        assert failed.returncode != 0
        assert told in failed.stdout + failed.stderr
    assert vendor.command(*head, status=None).returncode != 0
    file.write_text(vendor.key("staff.fulfilment", OPT_OUT), encoding="utf-8")
    assert vendor.command(*head, text="ann@example.com\n", status=None).returncode == DENIED
