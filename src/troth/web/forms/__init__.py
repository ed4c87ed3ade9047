"""Forms over HTTP: hosted pages, fragments for a company's own pages, and what browsers send for them."""
