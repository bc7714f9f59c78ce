using Bench;
using Bench.Results;
using Bench.Setup;
using Servers;

if (args.Any(argument => argument is "--help" or "-h"))
{
    Console.WriteLine(Arguments.Help);
    return 0;
}

using var interruption = new Interruption();
try
{
    var arguments = Arguments.Parse(args);
    var report = new Report();
    await using (var arena = await Arena.StartAsync(interruption.Token))
    {
        var run = new Run(arena, new Scale(arguments.Quick), report, interruption.Token);
        foreach (var verb in arguments.Verbs)
        {
            await verb.RunAsync(run);
            LatestJson.Write(report.Figures);
        }

        Run.Progress($"The figures are in {LatestJson.File}.");
        Console.WriteLine(Table.Of(report.Figures, $"{arena.Machine}{(arguments.Quick ? "; --quick: too short to be quoted" : "")}"));
    }

    return 0;
}
catch (Exception exception) when (exception is ServersException or BenchException)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 1;
}
catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
{
    await Console.Error.WriteLineAsync("Interrupted; everything is stopped.");
    return 130;
}
