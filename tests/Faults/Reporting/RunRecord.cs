using System.Text.Json;

namespace Faults;

/// <summary>The results of one seed on one pair of servers, kept in a file after each case: a run that was interrupted is taken
/// up where it stopped.</summary>
internal sealed class RunRecord
{
    private static readonly JsonSerializerOptions Format = new(JsonLines.Format) { WriteIndented = true };

    public required int Seed { get; init; }

    public required string Versions { get; init; }

    public required string Command { get; init; }

    /// <summary>What was played with, and by what; empty in a file that does not say.</summary>
    public string Build { get; init; } = "";

    public List<CaseResult> Results { get; init; } = [];

    /// <summary>Turns that the machine lacked something for: they are no part of the verdict, and so must be told.</summary>
    public List<SkippedTurn> Skipped { get; init; } = [];

    /// <summary>The number of the turn that was played or skipped last; 0 before the first.</summary>
    public int LastNumber => Math.Max(Results.Count == 0 ? 0 : Results[^1].Number, Skipped.Count == 0 ? 0 : Skipped[^1].Number);

    public double Minutes => Results.Sum(result => result.Seconds) / 60;

    public bool IsGreen => Results.Count > 0 && Results.All(result => result.IsGreen);

    /// <summary>The record of the same command on the same servers and with the same build, unless it is finished; else a new
    /// one.</summary>
    public static RunRecord TakeUp(string file, RunRecord fresh, Func<RunRecord, bool> isFinished)
    {
        if (!File.Exists(file))
        {
            return fresh;
        }

        var left = JsonSerializer.Deserialize<RunRecord>(File.ReadAllText(file), Format)!;
        return (left.Versions, left.Command, left.Build) == (fresh.Versions, fresh.Command, fresh.Build) && !isFinished(left) ? left : fresh;
    }

    public void Save(string file)
    {
        File.WriteAllText(file + ".new", JsonSerializer.Serialize(this, Format));
        File.Move(file + ".new", file, overwrite: true);
        File.WriteAllText(Path.ChangeExtension(file, ".md"), ResultTable.Markdown(this));
    }

    /// <summary>For programs that read along.</summary>
    public string LastLine() =>
        $"cases={Results.Count} orders={Results.Sum(result => result.Orders)} faults={Results.Sum(result => result.Faults.Count)} "
        + $"lost={Results.Sum(result => result.Lost)} doubled={Results.Sum(result => result.Doubled)} phantoms={Results.Sum(result => result.Phantoms)} "
        + $"misordered={Results.Sum(result => result.Misordered)} verdict={(IsGreen ? "green" : "red")}";
}
