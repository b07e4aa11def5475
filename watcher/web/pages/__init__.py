"""What each page shows: the database and a `Scene` in, a template's values out.

`scene` what all pages know · `home` · `site` · `company` · `atlas` the map · `book` rules and lists · `post` the
outbox.
"""
