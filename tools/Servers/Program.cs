using Servers;
using Servers.Running;
using Servers.Testing;

const string Help =
    """
    servers run [...]    what ./run does
    servers test [...]   what ./test does
    servers start        finds or starts PostgreSQL and RabbitMQ and prints their addresses; Ctrl-C stops what was started
    """;

using var interruption = new Interruption();
try
{
    return args switch
    {
        ["run", .. var rest] when AsksForHelp(rest) => Say(RunCommand.Help),
        ["test", .. var rest] when AsksForHelp(rest) => Say(TestArguments.Help),
        ["run"] => await ServeCommand.RunAsync(interruption.Token),
#if (!noFulfilment)
        ["run", "--orders" or "--orders-file", ..] => await PlaceCommand.RunAsync(args[1..], interruption.Token),
#endif
        ["run", .. var rest] => throw RunCommand.Unknown(rest),
        ["test", .. var rest] => await TestCommand.RunAsync(rest, interruption.Token),
        ["start"] => await StartCommand.RunAsync(interruption.Token),
        _ when AsksForHelp(args) => Say(Help),
        _ => throw new ServersException($"Unknown arguments: {string.Join(' ', args)}\n{Help}"),
    };
}
catch (ServersException exception)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 1;
}
catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
{
    await Console.Error.WriteLineAsync("Interrupted; everything is stopped.");
    return 130;
}

static bool AsksForHelp(IReadOnlyList<string> arguments) => arguments.Any(argument => argument is "--help" or "-h");

static int Say(string text)
{
    Console.WriteLine(text);
    return 0;
}
