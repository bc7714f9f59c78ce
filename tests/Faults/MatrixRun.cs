using System.Diagnostics;
using Servers;

namespace Faults;

/// <summary>Plays cases in the order of their schedule and keeps the record.</summary>
internal static class MatrixRun
{
    public static async Task<int> RunAsync(Arguments asked, CancellationToken cancellationToken)
    {
        var cases = asked.Cases;
        var results = Directory.CreateDirectory(Path.Combine(RepositoryRoot.Path, "faults-results")).FullName;
        Say("Building the service with failpoints ...");
        var build = await ServiceBuild.MakeAsync(RepositoryRoot.Path, cancellationToken);
        var evidence = Directory.CreateDirectory(Path.Combine(results, "evidence")).FullName;
        Say("Starting servers and service ...");
        await using var arenas = new SharedArena(build, evidence, cases.Max(known => known.BrokerNodes));
        var versions = (await arenas.TakeAsync(cancellationToken)).Versions;

        bool IsFinished(RunRecord record) => asked.Minutes is { } minutes ? record.Minutes >= minutes : record.LastNumber >= cases.Count;
        var file = Path.Combine(results, FileName(asked, versions));
        var fresh = new RunRecord { Seed = asked.Seed, Versions = versions, Command = asked.Command, Build = build.Identity() };
        var record = RunRecord.TakeUp(file, fresh, IsFinished);
        Say($"{versions}: {cases.Count} cases, seed {asked.Seed}{(record.LastNumber > 0 ? $", going on after number {record.LastNumber}" : "")}");

        foreach (var turn in Schedule.Of(asked.Seed, cases, record.LastNumber + 1).TakeWhile(turn => asked.Minutes is not null || turn.Number <= cases.Count))
        {
            if (IsFinished(record))
            {
                break;
            }

            if (turn.Case.Lacks() is { } lack)
            {
                Say($"{turn.Number,4} {turn.Case.Name,-36} not run: {lack}");
                record.Skipped.Add(new SkippedTurn(turn.Number, turn.Case.Name, lack));
                record.Save(file);
                continue;
            }

            var arena = await arenas.TakeAsync(cancellationToken);
            CaseResult result;
            using (await MachineShare.TakeAsync(turn.Case.NeedsMachine, cancellationToken))
            {
                result = await PlayAsync(arena, turn, cancellationToken);
            }

            record.Results.Add(result);
            record.Save(file);
            Say(ResultTable.Line(result));
            foreach (var finding in result.Findings)
            {
                Say($"       {finding}");
            }

            if (result.LeavesSomethingBehind)
            {
                // The next case is not to be judged by it.
                await arenas.GiveUpAsync();
            }
        }

        Say($"Results: {Path.GetRelativePath(Environment.CurrentDirectory, Path.ChangeExtension(file, ".md"))}");
        Console.WriteLine(record.LastLine());
        if (record.IsGreen)
        {
            return 0;
        }

        var red = record.Results.Where(result => !result.IsGreen).Select(result => result.Case).Distinct().ToList();
        await Console.Error.WriteLineAsync($"Red: {string.Join(", ", red)}. What was found is above and in the results; the histories are in {Path.GetRelativePath(Environment.CurrentDirectory, evidence)}.");
        return 1;
    }

    private static async Task<CaseResult> PlayAsync(Arena arena, Turn turn, CancellationToken cancellationToken)
    {
        var playing = Stopwatch.StartNew();
        try
        {
            return await new CasePlay(arena, turn).PlayAsync(cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return CaseResult.Broken(turn, playing.Elapsed, exception);
        }
    }

    private static string FileName(Arguments asked, string versions)
    {
        var of = new string([.. versions.Where(letter => char.IsAsciiLetterOrDigit(letter) || letter == '.')]).ToLowerInvariant();
        return $"seed-{asked.Seed}{(asked.Minutes is { } minutes ? $"-{minutes}min" : "")}{(asked.Case is { } name ? $"-{name}" : "")}-{of}.json";
    }

    private static void Say(string line) => Console.WriteLine(line);
}
