"""The seed's walk (seeds/001), on both kinds of broker."""
