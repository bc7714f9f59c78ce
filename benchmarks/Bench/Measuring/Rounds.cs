using System.Diagnostics;
using Bench.Results;

namespace Bench.Measuring;

/// <summary>Measures contestants in turns: after a warm-up each has its repeat before any has the next one. What slows the
/// machine down for a while then falls on all of them alike.</summary>
internal sealed class Rounds(Run run, string workload, string unit, IReadOnlyList<Contestant> contestants)
{
    public async Task RunAsync()
    {
        await WarmUpAsync();
        var turns = contestants.ToDictionary(contestant => contestant.Variant, _ => new List<IReadOnlyList<Sample>>());
        for (var round = 1; round <= run.Scale.Rounds; round++)
        {
            await OnceAsync(contestants, 1, $"{round} of {run.Scale.Rounds}", (contestant, samples) => turns[contestant.Variant].Add(samples));
        }

        foreach (var contestant in contestants)
        {
            foreach (var samples in turns[contestant.Variant].SelectMany(turn => turn).GroupBy(sample => sample.Figure))
            {
                run.Report.Add(
                    workload, Named(contestant.Variant, samples.Key), unit, [.. samples],
                    [.. contestant.Ceilings.Select(ceiling => Named(ceiling, samples.Key))]);
            }
        }
    }

    private async Task WarmUpAsync()
    {
        var warming = contestants.Where(contestant => contestant.WarmsUp).ToList();
        if (warming.Count == 0)
        {
            return;
        }

        var watch = Stopwatch.StartNew();
        do
        {
            await OnceAsync(warming, run.Scale.WarmUpShare, "warm-up", (_, _) => { });
        }
        while (watch.Elapsed < run.Scale.WarmUp);
    }

    private async Task OnceAsync(IReadOnlyList<Contestant> turn, double share, string which, Action<Contestant, IReadOnlyList<Sample>> keep)
    {
        foreach (var contestant in turn)
        {
            run.Stop.ThrowIfCancellationRequested();
            var samples = await contestant.RunAsync(share);
            keep(contestant, samples);
            var values = samples.Select(sample => $"{sample.Figure} {Number.Text(sample.Value)} {unit}".TrimStart());
            Run.Progress($"{workload}, {contestant.Variant}, {which}: {string.Join(", ", values)}");
        }
    }

    private static string Named(string variant, string? figure) => figure is null ? variant : $"{variant}, {figure}";
}
