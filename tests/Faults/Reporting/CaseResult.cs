namespace Faults;

/// <summary>What became of a case.</summary>
internal sealed record CaseResult
{
    public required int Number { get; init; }

    public required string Case { get; init; }

    public required int Seed { get; init; }

    public required DateTime At { get; init; }

    /// <summary>How long it took, everything included.</summary>
    public required double Seconds { get; init; }

    public required int Orders { get; init; }

    public required IReadOnlyList<string> Faults { get; init; }

    /// <summary>Messages that arrived at the tap, repeats included.</summary>
    public required int Deliveries { get; init; }

    /// <summary>Of these, repeats: messages that the relay published more than once.</summary>
    public required int Repeats { get; init; }

    /// <summary>Deliveries that the inbox recognized, by the counters of the consumers that live: those that were killed took
    /// theirs with them.</summary>
    public required long Suppressed { get; init; }

    public required int Lost { get; init; }

    public required int Doubled { get; init; }

    public required int Phantoms { get; init; }

    public required int Misordered { get; init; }

    /// <summary>From healing until nothing was left to do; null when something was.</summary>
    public double? DrainSeconds { get; init; }

    /// <summary>From when the broker took connections again until the first message was confirmed.</summary>
    public double? FirstPublishSeconds { get; init; }

    /// <summary>What the checker has against it, a few lines of each kind.</summary>
    public required IReadOnlyList<string> Findings { get; init; }

    /// <summary>How often a kind of harm was found: one of <see cref="Findings.Harms"/>.</summary>
    public int Count(string harm) => harm switch
    {
        "lost" => Lost,
        "doubled" => Doubled,
        "phantom" => Phantoms,
        "misordered" => Misordered,
        _ => throw new ArgumentOutOfRangeException(nameof(harm), harm, "is no kind of harm"),
    };

    public bool IsGreen => Findings.Count == 0;

    /// <summary>All was done, and yet something stayed in the queues.</summary>
    public bool IsUnsettled { get; init; }

    /// <summary>The case was not played to its end, did not drain or did not settle: another needs servers and processes of its own.</summary>
    public bool LeavesSomethingBehind => DrainSeconds is null || IsUnsettled;

    /// <summary>What the processes used at the end, and what the service had open at the broker.</summary>
    public IReadOnlyList<Vitals> Processes { get; init; } = [];

    public int BrokerConnections { get; init; }

    public int BrokerChannels { get; init; }

    /// <summary>Figures that the case has watched over its time.</summary>
    public IReadOnlyList<Trend> Trends { get; init; } = [];

    /// <summary>The result of a case that could not be played to its end.</summary>
    public static CaseResult Broken(Turn turn, TimeSpan played, Exception exception) => new()
    {
        Number = turn.Number,
        Case = turn.Case.Name,
        Seed = turn.Seed,
        At = DateTime.UtcNow,
        Seconds = played.TotalSeconds,
        Orders = 0,
        Faults = [],
        Deliveries = 0,
        Repeats = 0,
        Suppressed = 0,
        Lost = 0,
        Doubled = 0,
        Phantoms = 0,
        Misordered = 0,
        DrainSeconds = null,
        Findings = [$"complaint: the case could not be played to its end: {exception.Message}"],
    };
}
