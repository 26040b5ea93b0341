"""The tutorial of the Kubeflow Metadata SDK: run in a process of its own, where the SDK is on the path.

`python sdk_tutorial.py HOST PORT` prints the ids of what it recorded.
"""

import json
import sys

from kubeflow.metadata import metadata

store = metadata.Store(grpc_host=sys.argv[1], grpc_port=int(sys.argv[2]))
workspace = metadata.Workspace(
    store=store, name="workspace_1", description="a workspace for testing", labels={"n1": "v1"}
)
run = metadata.Run(workspace=workspace, name="run-1", description="a run in ws_1")
training = metadata.Execution(name="training", workspace=workspace, run=run, description="execution of training")
data_set = training.log_input(
    metadata.DataSet(
        description="an example data",
        name="mytable-dump",
        owner="owner@my-company.org",
        uri="file://path/to/dataset",
        version="v1.0.0",
        query="SELECT * FROM mytable",
    )
)
model = training.log_output(
    metadata.Model(
        name="MNIST",
        description="model to recognize handwritten digits",
        owner="someone@kubeflow.org",
        uri="gcs://my-bucket/mnist",
        model_type="neural network",
        training_framework={"name": "tensorflow", "version": "v1.0"},
        hyperparameters={"learning_rate": 0.5, "layers": [10, 3, 1], "early_stop": True},
        version="model_version_1",
        labels={"mylabel": "l1"},
    )
)
metrics = training.log_output(
    metadata.Metrics(
        name="MNIST-evaluation",
        description="validating the MNIST model to recognize handwritten digits",
        owner="someone@kubeflow.org",
        uri="gcs://my-bucket/mnist-eval.csv",
        data_set_id=str(data_set.id),
        model_id=str(model.id),
        metrics_type=metadata.Metrics.VALIDATION,
        values={"accuracy": 0.95},
        labels={"mylabel": "l1"},
    )
)
serving = metadata.Execution(name="serving model", workspace=workspace, description="serves the model")
served = serving.log_input(metadata.Model(name="MNIST", uri="gcs://my-bucket/mnist", version="model_version_1"))
assert served.id == model.id
again = metadata.Workspace(store=store, name="workspace_1")
assert again.context_id == workspace.context_id
listed = [found["name"] for found in again.list(metadata.DataSet.ARTIFACT_TYPE_NAME)]
print(json.dumps({"model": model.id, "dataSet": data_set.id, "metrics": metrics.id, "listed": listed}))
