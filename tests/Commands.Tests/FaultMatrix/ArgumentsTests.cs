using Faults;
using Servers;

namespace Commands.Tests.FaultMatrix;

public sealed class ArgumentsTests
{
    [Fact]
    public void What_goes_together_is_taken()
    {
        Assert.Equal(new Arguments(7, 60, null, false, null), Arguments.Parse(["--minutes", "60", "--seed", "7"]));
        Assert.Equal(new Arguments(7, null, null, false, "no-inbox"), Arguments.Parse(["--mutants", "no-inbox", "--seed", "7"]));
        Assert.Equal(new Arguments(1, null, null, true, null), Arguments.Parse(["--list"]));
    }

    [Theory]
    [InlineData("--mutants and --case exclude each other", "--mutants", "--case", "kill-owner")]
    [InlineData("--mutants and --minutes exclude each other", "--minutes", "5", "--mutants", "no-inbox")]
    [InlineData("--list goes with no other argument", "--list", "--seed", "1")]
    [InlineData("--list goes with no other argument", "--mutants", "--list")]
    [InlineData("there is no such case", "--case", "no-such-case")]
    [InlineData("must be a number from 1 to 600", "--minutes", "601")]
    [InlineData("needs a value", "--seed")]
    [InlineData("Unknown argument: --quick", "--quick")]
    public void What_would_be_ignored_or_is_unknown_is_refused(string says, params string[] arguments)
    {
        var refused = Assert.Throws<ServersException>(() => Arguments.Parse(arguments));

        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
    }
}
