"""Requests, good and bad, about files as pages ask for them."""

from tests.server.mlflow.cases_more import AJAX, FILES
from tests.server.mlflow.differences import Case

E, R, M, V, L = "/experiments/", "/runs/", "/registered-models/", "/model-versions/", "/logged-models"
OF_RUN, OF_VERSION, OF_MODEL = "/get-artifact", "/model-versions/get-artifact", f"{AJAX}/logged-models"
UPLOAD = f"{AJAX}/upload-artifact"
FLAVORS = {"flavors": {"python_function": {"loader_module": "orchard"}}}

VIEWER: list[Case] = [
    ("POST", f"{E}create => exp: experiment_id", {"name": "viewed"}),
    (
        "POST",
        f"{R}create => ran: run.info.run_id",
        {"experiment_id": "{exp}", "run_name": "r", "start_time": 5},
    ),
    ("PUT", f"{FILES}/{{exp}}/{{ran}}/artifacts/a.json", {"a": 1}),
    ("PUT", f"{FILES}/{{exp}}/{{ran}}/artifacts/d/MLmodel", FLAVORS),
    ("GET", OF_RUN, {"run_id": "{ran}", "path": "a.json"}),
    ("GET", OF_RUN, {"run_uuid": "{ran}", "path": "d/MLmodel"}),
    ("GET", OF_RUN, {"run_id": "{ran}", "path": "none.json"}),
    ("GET", OF_RUN, {"run_id": "{ran}", "path": "d"}),
    ("GET", OF_RUN, {"run_id": "{ran}", "path": "../x"}),
    ("GET", OF_RUN, {"run_id": "{ran}", "path": "/etc/passwd"}),
    ("GET", OF_RUN, {"run_id": "{ran}"}),
    ("GET", OF_RUN, {"run_id": "none", "path": "a.json"}),
    ("GET", OF_RUN, {"path": "a.json"}),
    ("POST", f"{UPLOAD}?run_uuid={{ran}}&path=up/c.json", {"c": 3}),
    ("GET", OF_RUN, {"run_id": "{ran}", "path": "up/c.json"}),
    ("GET", "/artifacts/list", {"run_id": "{ran}"}),
    ("POST", f"{UPLOAD}?path=c.json", {"c": 3}),
    ("POST", f"{UPLOAD}?run_uuid={{ran}}", {"c": 3}),
    ("POST", f"{UPLOAD}?run_uuid={{ran}}&path=../c.json", {"c": 3}),
    ("POST", f"{UPLOAD}?run_uuid=none&path=c.json", {"c": 3}),
    ("POST", f"{L} => m: model.info.model_id", {"experiment_id": "{exp}", "name": "m"}),
    ("PUT", f"{FILES}/{{exp}}/models/{{m}}/artifacts/MLmodel", FLAVORS),
    ("GET", f"{OF_MODEL}/{{m}}/artifacts/files", {"artifact_file_path": "MLmodel"}),
    ("GET", f"{OF_MODEL}/{{m}}/artifacts/files", {"artifact_file_path": "none"}),
    ("GET", f"{OF_MODEL}/{{m}}/artifacts/files", {"artifact_file_path": "../x"}),
    ("GET", f"{OF_MODEL}/{{m}}/artifacts/files", {}),
    ("GET", f"{OF_MODEL}/none/artifacts/files", {"artifact_file_path": "MLmodel"}),
    ("POST", f"{M}create", {"name": "viewed"}),
    ("POST", f"{V}create", {"name": "viewed", "source": "models:/{m}", "model_id": "{m}"}),
    ("GET", OF_VERSION, {"name": "viewed", "version": "1", "path": "MLmodel"}),
    ("GET", OF_VERSION, {"name": "viewed", "version": "1", "path": "none"}),
    ("GET", OF_VERSION, {"name": "viewed", "version": "1", "path": "../x"}),
    ("GET", OF_VERSION, {"name": "viewed", "version": "9", "path": "MLmodel"}),
    ("GET", OF_VERSION, {"name": "none", "version": "1", "path": "MLmodel"}),
    ("GET", OF_VERSION, {"name": "viewed", "version": "1"}),
    ("GET", OF_VERSION, {"name": "viewed", "path": "MLmodel"}),
    ("GET", OF_VERSION, {"version": "1", "path": "MLmodel"}),
]
# The path as it was asked for, below the run; no page of HTML, no 5xx.
FILES_ON_PURPOSE: list[Case] = [
    ("GET", OF_RUN, {"run_id": "{ran}", "path": "none.json"}),
    ("GET", OF_RUN, {"run_id": "{ran}", "path": "d"}),
    ("GET", OF_RUN, {"run_id": "{ran}"}),
    ("GET", OF_RUN, {"path": "a.json"}),
    ("GET", f"{OF_MODEL}/{{m}}/artifacts/files", {"artifact_file_path": "none"}),
    ("GET", OF_VERSION, {"name": "viewed", "version": "1", "path": "none"}),
    ("GET", OF_VERSION, {"name": "viewed", "version": "1"}),
    ("GET", OF_VERSION, {"name": "viewed", "path": "MLmodel"}),
]
# More is told: the logged model that a version was made of.
FILES_ON_PURPOSE += [
    ("POST", f"{V}create", {"name": "viewed", "source": "models:/{m}", "model_id": "{m}"}),
]
