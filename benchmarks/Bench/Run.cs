using Bench.Measuring;
using Bench.Results;
using Bench.Setup;

namespace Bench;

/// <summary>One run of the program: where it takes place, how long it may last, and where the figures go.</summary>
internal sealed record Run(Arena Arena, Scale Scale, Report Report, CancellationToken Stop)
{
    /// <summary>Measures contestants in turns, and reports them.</summary>
    public Task MeasureAsync(string workload, string unit, params IReadOnlyList<Contestant> contestants) =>
        new Rounds(this, workload, unit, contestants).RunAsync();

    /// <summary>Says on standard error what happens now.</summary>
    public static void Progress(string what) => Console.Error.WriteLine($"{DateTime.Now:HH:mm:ss} {what}");
}

/// <summary>How much is measured: enough to be quoted, or just enough to see that it works.</summary>
internal sealed record Scale(bool Quick)
{
    public int Rounds => Quick ? 1 : 5;

    /// <summary>How long contestants warm up at least: one turn of all, however short.</summary>
    public TimeSpan WarmUp => TimeSpan.FromSeconds(Quick ? 0 : 12);

    /// <summary>The part of its work that a contestant does in each turn of the warm-up. Many small turns compile what starts and
    /// stops as well as what runs.</summary>
    public double WarmUpShare => Quick ? 0.25 : 0.1;

    /// <summary>How many of something there are, or a share of them, never none.</summary>
    public int Of(int full, int quick, double share = 1) => Math.Max(1, (int)((Quick ? quick : full) * share));
}

/// <summary>A workload did not do what it must for its figures to mean anything.</summary>
internal sealed class BenchException(string message) : Exception(message);
