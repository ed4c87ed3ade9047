"""The clause register: 89 ids in six parts, written out."""

REGISTER: tuple[str, ...] = tuple(
    """
    0.1 0.2 0.3 0.4 0.5 0.6
    I.1 I.2 I.3 I.4 I.5 I.6 I.7 I.8 I.9 I.10 I.11 I.12 I.13 I.14 I.15 I.16 I.17 I.18 I.19 I.20
    II.1 II.2 II.3 II.4 II.5 II.6 II.7 II.8 II.9 II.10 II.11 II.12 II.13 II.14 II.15 II.16 II.17 II.18 II.19 II.20
    II.21 II.22 II.23 II.24 II.25 II.26 II.27 II.28 II.29 II.30 II.31
    III.0 III.1 III.2 III.3 III.4 III.5 III.6 III.7
    IV.1 IV.2 IV.3 IV.4 IV.5 IV.6 IV.7 IV.8 IV.9 IV.10 IV.11 IV.12 IV.13 IV.14 IV.15 IV.16 IV.17 IV.18 IV.19
    V.1 V.2
    VI.1 VI.2 VI.3
    """.split()  # noqa: SIM905  a list of 89 quoted ids is harder to compare with the register
)
PARTS: tuple[str, ...] = ("0", "I", "II", "III", "IV", "V", "VI")
