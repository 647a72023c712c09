"""The one model both sides serve: trained here, logged and registered once by MLflow's own client.

    python bench/model.py FOLDER      (the tracking server is named by MLFLOW_TRACKING_URI)

The registered files are fetched back into FOLDER, so both sides load the very same bytes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

NAME = "bench"
COLUMNS = [f"x{number}" for number in range(10)]
TRUSTED = ["functools.partial", "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"]
ROWS = 256


def main(folder: Path) -> None:
    """Train, log, register; leave the model's files and rows to ask for in ``folder``."""
    import mlflow
    import numpy as np
    import pandas as pd
    from sklearn.ensemble import HistGradientBoostingRegressor

    draws = np.random.default_rng(7)
    frame = pd.DataFrame(draws.normal(size=(4000, len(COLUMNS))), columns=COLUMNS)
    truth = frame["x0"] * frame["x1"] + np.sin(frame["x2"]) + draws.normal(scale=0.1, size=len(frame))
    model = HistGradientBoostingRegressor(max_iter=60, random_state=7).fit(frame, truth)
    with mlflow.start_run():
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            input_example=frame.head(2),
            registered_model_name=NAME,
            serialization_format="skops",
            skops_trusted_types=TRUSTED,
        )
    mlflow.artifacts.download_artifacts(logged.model_uri, dst_path=str(folder / "model"))
    rows = np.round(draws.normal(size=(ROWS, len(COLUMNS))), 6).tolist()
    (folder / "rows.json").write_text(json.dumps(rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
