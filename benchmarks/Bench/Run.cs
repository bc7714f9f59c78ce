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

    public TimeSpan WarmUp => TimeSpan.FromSeconds(Quick ? 0 : 12);

    public int Of(int full, int quick) => Quick ? quick : full;
}

/// <summary>A workload did not do what it must for its figures to mean anything.</summary>
internal sealed class BenchException(string message) : Exception(message);
