namespace Faults;

/// <summary>When a case is played.</summary>
internal enum Plays
{
    /// <summary>In every run.</summary>
    Always,

    /// <summary>It takes minutes: in runs of half an hour and more, and by its name.</summary>
    InLongRuns,

    /// <summary>By its name alone: it says little beside other cases.</summary>
    ByName,
}

/// <summary>Whether rows are charged with attempts.</summary>
internal enum Charges
{
    /// <summary>No message is refused for itself.</summary>
    None,

    /// <summary>The broker itself may refuse messages.</summary>
    May,

    /// <summary>The broker refuses messages, or the case proves nothing.</summary>
    Must,
}

/// <summary>One kind of fault, and what surviving it proves.</summary>
/// <param name="Name">For the command line and the report.</param>
/// <param name="Proves">One line.</param>
/// <param name="InjectAsync">Injects faults while orders are being placed; what it leaves broken is healed afterwards.</param>
internal sealed record FaultCase(string Name, string Proves, Func<Injection, Task> InjectAsync)
{
    public Plays Plays { get; init; }

    /// <summary>How many nodes the broker has. What needs more than one is played by its name alone.</summary>
    public int BrokerNodes { get; init; } = 1;

    /// <summary>What is asked of the service meanwhile.</summary>
    public LoadShape Load { get; init; } = LoadShape.Usual;

    /// <summary>It shows how much is done in a bounded time, so other runs on this machine pause meanwhile.</summary>
    public bool NeedsMachine { get; init; }

    /// <summary>Whether rows are charged in it.</summary>
    public Charges Charges { get; init; }

    /// <summary>How many messages may be published more than once: none where nothing happens to a relay, its connections or the broker. Null
    /// for no bound.</summary>
    public int? MostRepeats { get; init; }

    /// <summary>What the machine lacks for it; null where it can be played.</summary>
    public Func<string?> Lacks { get; init; } = () => null;
}
