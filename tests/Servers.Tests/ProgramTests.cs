namespace Servers.Tests;

/// <summary>The program behind ./run and ./test, as a shell sees it.</summary>
public sealed class ProgramTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("run")]
    [InlineData("test")]
    public async Task Help_is_told_with_exit_code_0(string command)
    {
        var help = await RunAsync([command, "--help"]);

        Assert.True(help.Succeeded, help.Error);
        Assert.StartsWith($"./{command} ", help.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http")]
    [InlineData("80 81")]
    [InlineData("0")]
    [InlineData("65536")]
    public async Task A_port_that_is_none_is_refused_by_name(string port)
    {
        var refused = await RunAsync(["run"], ("PORT", port));

        Assert.Equal((1, $"PORT is \"{port}\": it must be a number from 1 to 65535."), (refused.ExitCode, refused.Error.TrimEnd()));
    }

    private static Task<CommandResult> RunAsync(IReadOnlyList<string> arguments, params (string Name, string Value)[] environment) => Command.RunAsync(
        "dotnet", [typeof(ServersException).Assembly.Location, .. arguments], Deadline, CancellationToken.None,
        environment.ToDictionary(variable => variable.Name, variable => variable.Value));
}
