"""The site of Example Security, Inc.: an ordinary web site with Troth beside it, reached over HTTP."""
