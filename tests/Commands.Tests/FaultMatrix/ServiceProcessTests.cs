using Faults;

namespace Commands.Tests.FaultMatrix;

public sealed class ServiceProcessTests
{
    [Theory]
    [InlineData(null, 0, "ended by itself with exit code 0")]
    [InlineData(137, 137, null)]
    [InlineData(137, 134, "was to be killed and ended by itself with exit code 134")]
    [InlineData(0, 0, null)]
    [InlineData(0, 1, "was told to stop and ended with exit code 1")]
    [InlineData(0, 137, "was told to stop and had to be killed after 40 s")]
    public void A_process_ends_as_it_was_to(int? expected, int exitCode, string? wrong) =>
        Assert.Equal(wrong, ServiceProcess.WhatIsWrong(expected, exitCode));
}
