"""Examples that use Troth's public interfaces only."""
