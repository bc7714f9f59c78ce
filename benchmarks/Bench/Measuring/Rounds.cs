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
        var samples = contestants.ToDictionary(contestant => contestant.Variant, _ => new List<Sample>());
        for (var round = 1; round <= run.Scale.Rounds; round++)
        {
            await OnceAsync(contestants, 1, $"{round} of {run.Scale.Rounds}", (contestant, sample) => samples[contestant.Variant].Add(sample));
        }

        foreach (var contestant in contestants)
        {
            run.Report.Add(workload, contestant.Variant, unit, samples[contestant.Variant], contestant.Ceilings);
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

    private async Task OnceAsync(IReadOnlyList<Contestant> turns, double share, string turn, Action<Contestant, Sample> keep)
    {
        foreach (var contestant in turns)
        {
            run.Stop.ThrowIfCancellationRequested();
            var sample = await contestant.RunAsync(share);
            keep(contestant, sample);
            Run.Progress($"{workload}, {contestant.Variant}, {turn}: {Number.Text(sample.Value)} {unit}");
        }
    }
}
