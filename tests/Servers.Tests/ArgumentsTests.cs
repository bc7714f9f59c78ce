using Servers.Testing;

namespace Servers.Tests;

public sealed class ArgumentsTests
{
    [Theory]
    [InlineData("Speed!=slow")]
    [InlineData("Speed!=slow&Needs!=servers", "--fast")]
    [InlineData(null, "--all")]
    [InlineData("FullyQualifiedName~Relay", "--all", "--filter", "Relay")]
    [InlineData("(Name=A|Name=B)&Speed!=slow", "--filter", "Name=A|Name=B")]
    public void Test_turns_its_options_into_one_filter(string? filter, params string[] arguments) =>
        Assert.Equal(filter, TestArguments.Parse(arguments).Filter);

    [Theory]
    [InlineData("--slow")]
    [InlineData("--filter")]
    [InlineData("--all", "--fast")]
    public void Test_refuses_what_it_does_not_know(params string[] arguments) =>
        Assert.Throws<ServersException>(() => TestArguments.Parse(arguments));
}
