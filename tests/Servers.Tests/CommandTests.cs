namespace Servers.Tests;

/// <summary>Programs that do not behave as <see cref="Command"/> would like.</summary>
public sealed class CommandTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task One_that_does_not_read_its_input_is_judged_by_its_exit_code()
    {
        var ended = await Command.RunAsync("bash", ["-c", "echo done"], Deadline, CancellationToken.None, input: new string('x', 1 << 20));

        Assert.Equal((0, "done\n"), (ended.ExitCode, ended.Output));
    }

    [Fact]
    public async Task One_that_says_nothing_is_ended_before_its_time_is_up()
    {
        var silent = await Command.RunAsync("sleep", ["300"], Deadline * 10, CancellationToken.None, firstWord: TimeSpan.FromMilliseconds(100));

        Assert.Equal(-1, silent.ExitCode);
    }

    [Fact]
    public async Task One_that_has_spoken_may_be_silent_then()
    {
        var ended = await Command.RunAsync(
            "bash", ["-c", "echo word; sleep 0.5; exit 3"], Deadline, CancellationToken.None, firstWord: TimeSpan.FromMilliseconds(400));

        Assert.Equal((3, "word\n"), (ended.ExitCode, ended.Output));
    }
}
