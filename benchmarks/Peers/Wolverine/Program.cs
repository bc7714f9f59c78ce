using WolverinePeer;

// The peer, with the settings that its documentation recommends for throughput and durability. ./bench starts it with its
// servers' addresses in the environment, tells it on standard input when to go, and hears on standard output how it went.
var settings = Settings.FromEnvironment();
switch (args)
{
    case ["publish", var messages, var committers]:
        await Publishing.RunAsync(settings, int.Parse(messages), int.Parse(committers));
        return 0;
    case ["pace", var messages]:
        await Publishing.PaceAsync(settings, int.Parse(messages));
        return 0;
    case ["consume"]:
        await Consuming.RunAsync(settings);
        return 0;
    default:
        await Console.Error.WriteLineAsync("WolverinePeer publish MESSAGES COMMITTERS | pace MESSAGES | consume");
        return 1;
}
