// Each test builds or runs whole services: side by side they would take each other's time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
