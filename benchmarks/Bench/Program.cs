using System.Diagnostics;
using Bench;
using Bench.Results;
using Bench.Setup;
using Servers;

if (args.Any(argument => argument is "--help" or "-h"))
{
    Console.WriteLine(Arguments.Help);
    return 0;
}

// As the service does: it reserves a thread for each connection of its pool of 50.
ThreadPool.GetMinThreads(out var workers, out var completions);
ThreadPool.SetMinThreads(Math.Max(workers, Environment.ProcessorCount + 50), completions);

using var interruption = new Interruption();
try
{
    var arguments = Arguments.Parse(args);
    var report = new Report();
    List<string> failed = [];
    // What an earlier run has left must not be taken for this one's.
    LatestJson.Write(report.Figures);
    var scale = new Scale(arguments.Quick);
    if (scale.Quick)
    {
        // Beside the others: their figures are not to be quoted then, and they wait more than they compute.
        _ = BuildAsync(arguments.Verbs, scale, interruption.Token);
    }

    await using (var arena = await Arena.StartAsync(interruption.Token))
    {
        var run = new Run(arena, scale, report, interruption.Token);
        foreach (var verb in arguments.Verbs)
        {
            var watch = Stopwatch.StartNew();
            try
            {
                await verb.RunAsync(run);
            }
            catch (Exception exception) when (!interruption.Token.IsCancellationRequested)
            {
                // The figures of the others are worth as much without it.
                failed.Add(verb.Name);
                Run.Progress($"{verb.Name} has failed: {exception}");
            }

            Run.Progress($"{verb.Name} has taken {watch.Elapsed.TotalSeconds:0} s.");
            LatestJson.Write(report.Figures);
        }

        Run.Progress($"The figures are in {LatestJson.File}.");
        Console.WriteLine(Table.Of(report.Figures, $"{arena.Machine}{(arguments.Quick ? "; --quick: too short to be quoted" : "")}"));
    }

    if (failed.Count > 0)
    {
        await Console.Error.WriteLineAsync($"Failed: {string.Join(", ", failed)}; their figures are missing or incomplete.");
        return 1;
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

// A verb whose program does not build hears of it when it builds it.
static async Task BuildAsync(IEnumerable<Verb> verbs, Scale scale, CancellationToken cancellationToken)
{
    foreach (var build in verbs.Select(verb => verb.BuildAsync).OfType<Func<Scale, CancellationToken, Task>>())
    {
        await build(scale, cancellationToken);
    }
}
