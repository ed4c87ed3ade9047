"""What carries mail away: an SMTP server, or a folder that stands in for one."""
