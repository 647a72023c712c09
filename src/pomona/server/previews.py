"""Which files a browser may show: by the end of the name, only kinds that cannot run anything."""

_SHOWN = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "bmp": "image/bmp",
    "avif": "image/avif",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "m4a": "audio/mp4",
    "aac": "audio/aac",
}
_AS_TEXT = ("txt", "md", "csv", "tsv", "json", "jsonl", "yaml", "yml", "xml", "html", "log", "srt", "py")


def media_type_of(path: str) -> str:
    """The media type a file is sent with; what could run is plain text, what is unknown is only saved."""
    end = path.rpartition(".")[2].lower()
    if end in _AS_TEXT:
        return "text/plain; charset=utf-8"
    return _SHOWN.get(end, "application/octet-stream")
