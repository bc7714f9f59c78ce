using Bench.Committing;
using Bench.Consuming;
using Bench.Latency;
using Bench.Lessons;
using Bench.Outage;
using Bench.Peers;
using Bench.Relaying;
using Bench.Service;
using Servers;

namespace Bench;

/// <summary>What ./bench was asked to measure.</summary>
internal sealed record Arguments(IReadOnlyList<Verb> Verbs, bool Quick)
{
    private static readonly Verb[] All =
    [
        new("relay", "drains a table of rows, against confirmed publishing from memory", RelayWorkload.RunAsync),
        new("relay-aged", "the same on tables with a past: a held snapshot, millions waiting, millions kept", AgedWorkload.RunAsync),
        new("commits", "commits with and without an outbox row, relay away, asleep and awake", CommitsWorkload.RunAsync),
        new("latency", "from the commit to the delivery at 200 messages a second", LatencyWorkload.RunAsync),
        new("consumer", "gives messages their effect, against the same rows in raw SQL batches", ConsumerWorkload.RunAsync),
        new("chain", "orders over HTTP until the customer is notified", ChainWorkload.RunAsync, ServiceProgram.BuildAsync),
        new("outage", "the broker is killed and comes back while 20,000 rows wait", OutageWorkload.RunAsync),
        new("idle", "database transactions and CPU while nothing happens", IdleWorkload.RunAsync, ServiceProgram.BuildAsync),
        new("memory", "a process with relay and consumers after a million messages", MemoryWorkload.RunAsync, ServiceProgram.BuildAsync),
        new("start", "from the start of a process to ready", StartWorkload.RunAsync, ServiceProgram.BuildAsync),
        new("peers", "the same work done by Wolverine", PeersWorkload.RunAsync, WolverineProgram.BuildAsync),
        new("lessons", "ways to confirm and to ack: their rates, and what a crash loses", LessonsWorkload.RunAsync),
    ];

    public static string Help { get; } =
        $"""
        ./bench                     measures everything, each figure beside its own ceiling in the same run; under 45 minutes
        ./bench VERB...             only these
        ./bench --quick [VERB...]   with less of everything, to see that it works; under 5 minutes

        verbs:
        {string.Join('\n', All.Select(verb => $"  {verb.Name,-12}{verb.Summary}"))}

        The servers are private instances of this machine's own PostgreSQL and RabbitMQ, with durable settings. Progress goes
        to standard error, a table to standard output, and the figures to benchmarks/results/latest.json. relay-aged needs
        15 GB of the temporary directory.
        """;

    /// <exception cref="ServersException">An argument is unknown.</exception>
    public static Arguments Parse(IReadOnlyList<string> arguments)
    {
        var names = arguments.Where(argument => argument != "--quick").ToList();
        if (names.Find(name => Array.TrueForAll(All, verb => verb.Name != name)) is { } unknown)
        {
            throw new ServersException($"Unknown argument: {unknown}. ./bench --help says what there is.");
        }

        return new Arguments(
            [.. All.Where(verb => names.Count == 0 || names.Contains(verb.Name))],
            names.Count < arguments.Count);
    }
}

/// <summary>One workload, by the name under which it is asked for.</summary>
/// <param name="Name">That name.</param>
/// <param name="Summary">What it does.</param>
/// <param name="RunAsync">Measures it.</param>
/// <param name="BuildAsync">Builds the program that it runs, once; <paramref name="RunAsync"/> does so itself where nobody has before.</param>
internal sealed record Verb(string Name, string Summary, Func<Run, Task> RunAsync, Func<Scale, CancellationToken, Task>? BuildAsync = null);
