"""Example Payments: a made-up card processor, another company with a site of its own. It charges nobody."""
