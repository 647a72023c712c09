"""File sets on a disk: packs of contents and their index; knows neither paths nor versions."""
