"""The stores of ML Metadata that this service reads and writes; `store.open` opens one."""
