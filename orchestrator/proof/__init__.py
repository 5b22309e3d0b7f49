"""Everything that this system promises about losing and doubling nothing, run part by part."""
