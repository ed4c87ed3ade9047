"""A product that reports with Mozilla's Glean SDK, as published. Arguments: base address, data folder, label; or `off` as label."""

import sys
from pathlib import Path

from glean import Configuration, Glean, load_metrics, load_pings  # type: ignore[import-not-found]

HERE = Path(__file__).parent


def main(base: str, folder: str, label: str) -> None:
    """Report once, or switch uploading off."""
    pings = load_pings(HERE / "pings.yaml")
    Glean.initialize(
        application_id="example-sensor",
        application_version="5.2.1",
        upload_enabled=True,
        data_dir=Path(folder),
        configuration=Configuration(server_endpoint=base),
    )
    if label == "off":
        Glean.set_upload_enabled(False)
        Glean.shutdown()
        return
    metrics = load_metrics(HERE / "metrics.yaml")
    metrics.usage.cores.set(4)
    metrics.usage.plugins_in_use[label].add(2)
    metrics.usage.product_edition.set("server")
    with metrics.usage.search_time.measure():
        pass
    pings.weekly.submit()
    Glean.shutdown()


main(*sys.argv[1:4])
