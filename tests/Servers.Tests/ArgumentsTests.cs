using Servers.Running;
using Servers.Testing;

namespace Servers.Tests;

public sealed class ArgumentsTests
{
    [Theory]
    [InlineData("1", 1)]
    [InlineData("1000000", 1_000_000)]
    public void Run_takes_a_number_of_orders_within_its_bounds(string text, int count) =>
        Assert.Equal(new RunArguments(count, null), RunArguments.Parse(["--orders", text]));

    [Theory]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("1000001")]
    [InlineData("2.5")]
    [InlineData("many")]
    [InlineData("")]
    public void Run_refuses_a_number_of_orders_out_of_bounds_and_names_them(string text)
    {
        var refused = Assert.Throws<ServersException>(() => RunArguments.Parse(["--orders", text]));

        Assert.Equal($"--orders is \"{text}\": it must be a number from 1 to 1,000,000.", refused.Message);
    }

    [Theory]
    [InlineData("--orders")]
    [InlineData("--orders-file", "no-such-file.jsonl")]
    [InlineData("--order", "5")]
    [InlineData("--orders", "5", "--orders-file", "x")]
    public void Run_refuses_what_it_does_not_know(params string[] arguments) =>
        Assert.Throws<ServersException>(() => RunArguments.Parse(arguments));

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
