// Private servers and shared ones would otherwise work at the same time, and each test's deadlines measure the other's load.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
