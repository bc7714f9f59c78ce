using Faults;

namespace Commands.Tests.FaultMatrix;

/// <summary>Results of cases as a run makes them.</summary>
internal static class Results
{
    public static CaseResult Green(int number) => new()
    {
        Number = number,
        Case = "kill-owner",
        Seed = 1,
        At = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc),
        Seconds = 30,
        Orders = 100,
        Faults = ["killed", "killed"],
        Deliveries = 210,
        Repeats = 10,
        Suppressed = 10,
        Lost = 0,
        Doubled = 0,
        Phantoms = 0,
        Misordered = 0,
        DrainSeconds = 1.5,
        Findings = [],
    };

    public static CaseResult Red(int number) =>
        Green(number) with { Lost = 1, Doubled = 2, Phantoms = 3, Misordered = 4, Findings = ["lost: an order"] };

    public static RunRecord Record(string build = "a", params IEnumerable<CaseResult> results) =>
        new() { Seed = 1, Versions = "PostgreSQL 17, RabbitMQ 4", Command = "./faults --seed 1", Build = build, Results = [.. results] };
}
