"""A large file in parts, as the client sends it where it is told to."""

import os
import tempfile
from pathlib import Path

os.environ |= {
    "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true",
    "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": "1000000",
    "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": "5242880",
}
import mlflow

with tempfile.TemporaryDirectory() as name, mlflow.start_run() as run:
    sent = Path(name, "large.bin")
    sent.write_bytes(os.urandom(12_000_001))
    mlflow.log_artifact(str(sent), "deep")
    got = Path(
        mlflow.artifacts.download_artifacts(f"runs:/{run.info.run_id}/deep/large.bin", dst_path=f"{name}/to")
    )
    assert got.read_bytes() == sent.read_bytes()
print("parts script done")
