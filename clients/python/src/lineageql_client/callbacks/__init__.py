"""Callbacks that record what a training library does: a module for each, and an extra of the same name.

    from lineageql_client.callbacks.sklearn import record
    from lineageql_client.callbacks.keras import LineageCallback
    from lineageql_client.callbacks.lightning import LineageCallback
    from lineageql_client.callbacks.xgboost import LineageCallback
    from lineageql_client.callbacks.lightgbm import LineageCallback

All of them record an execution with its parameters, its data sets as inputs, its model, and metrics: of each the last
value under its name, the best under `best_` and its name, and all of them, epoch by epoch, in `by_epoch`.
"""
