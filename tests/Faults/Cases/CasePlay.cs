using System.Diagnostics;

namespace Faults;

/// <summary>Plays one case from the first order to the verdict.</summary>
internal sealed class CasePlay(Arena arena, Turn turn)
{
    private const int LinesShown = 8;
    private const int ErrorsShown = 3;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AfterHealing = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ReadyDeadline = TimeSpan.FromSeconds(60);

    private readonly EvidenceReader _evidence = new(arena.Database);
    private readonly string _history = Path.Combine(arena.Directory, $"{turn.Number}-{turn.Case.Name}-history.jsonl");
    private readonly string _tap = Path.Combine(arena.Directory, $"{turn.Number}-{turn.Case.Name}-tap.jsonl");

    /// <summary>How long nothing may be left after healing.</summary>
    public TimeSpan DrainBound { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long after healing to go on looking where something was left, so that what is late is not called lost: beyond
    /// the three minutes after which RabbitMQ tries again to move an expired message on.</summary>
    public TimeSpan LateBound { get; init; } = TimeSpan.FromMinutes(4);

    /// <summary>How long after that the queues may hold what was handled already: as long, for the same reason.</summary>
    public TimeSpan SettleBound { get; init; } = TimeSpan.FromMinutes(4);

    public async Task<CaseResult> PlayAsync(CancellationToken cancellationToken)
    {
        var at = DateTime.UtcNow;
        var playing = Stopwatch.StartNew();
        await arena.Fleet.WaitUntilReadyAsync(ReadyDeadline, cancellationToken);
        arena.Tap.Turn(_tap);
        var baseline = arena.Judged ?? await _evidence.MarkAsync(cancellationToken);
        var consumerEnds = arena.Fleet.Consumers.Sum(consumer => consumer.Ends);
        var suppressed = await SuppressedAsync(cancellationToken);
        var dead = await arena.Broker.DeadAsync(cancellationToken);
        var endsBefore = arena.Fleet.All.ToDictionary(process => process, process => process.UnexpectedEnds.Count);
        var logs = new ServiceLogs(arena.Fleet.All);

        var load = Load.Start(arena, $"f{turn.Number}", turn.Seed, _history, turn.Case.Load);
        var injection = new Injection(arena, load, baseline, new Random(turn.Seed), cancellationToken);
        var (failure, healed) = await InjectAsync(injection, load, cancellationToken);
        var drain = new Drain(arena);
        var drained = await drain.WaitAsync(baseline, healed, DrainBound, cancellationToken);
        string? left = null;
        TimeSpan? late = null;
        if (drained is null)
        {
            left = await drain.TellLeftAsync(baseline, cancellationToken);
            late = await drain.WaitAsync(baseline, healed, LateBound, cancellationToken);
        }

        var isDone = drained is not null || late is not null;
        var unsettled = isDone ? await drain.SettleAsync(
            baseline, arena.Fleet.Consumers.Sum(consumer => consumer.Ends) > consumerEnds, SettleBound, cancellationToken) : null;

        // Whoever reads the log reads whole lines: what comes from now on is written elsewhere.
        arena.Tap.Turn(Path.Combine(arena.Directory, "tap.jsonl"));
        var evidence = await _evidence.ReadAsync(baseline, _history, _tap, cancellationToken);
        arena.Judged = evidence.End;
        var findings = Checker.Judge(evidence);
        var circumstances = new Circumstances
        {
            Failure = failure,
            Drained = drained,
            DrainBound = DrainBound,
            Left = left,
            Late = late,
            Unsettled = unsettled,
            UnexpectedEnds = [.. endsBefore.SelectMany(before => before.Key.UnexpectedEnds.Skip(before.Value))],
            DeadLetters = await arena.Broker.DeadAsync(cancellationToken) - dead,
            FirstPublish = await FirstPublishAsync(injection, cancellationToken),
        };
        ConductRules.Judge(turn.Case, evidence, injection, circumstances, findings);

        var found = findings.Lines(LinesShown).ToList();
        var (connections, channels) = await arena.Broker.OpenAsync(cancellationToken);
        var result = new CaseResult
        {
            Number = turn.Number,
            Case = turn.Case.Name,
            Seed = turn.Seed,
            At = at,
            Seconds = playing.Elapsed.TotalSeconds,
            Orders = load.Orders + evidence.History.Where(line => line.Asked == Asked.Write && line.Told == Told.Done).DistinctBy(line => line.Order).Count(),
            Faults = injection.Faults,
            Deliveries = evidence.Published.Count(),
            Repeats = evidence.Repeats,
            Suppressed = (await SuppressedAsync(cancellationToken)).Sum(now => now.Value - suppressed.GetValueOrDefault(now.Key)),
            Lost = findings.Lost.Count,
            Doubled = findings.Doubled.Count,
            Phantoms = findings.Phantoms.Count,
            Misordered = findings.Misordered.Count,
            DrainSeconds = drained?.TotalSeconds,
            IsUnsettled = unsettled is not null,
            FirstPublishSeconds = circumstances.FirstPublish?.TotalSeconds,
            Findings = found.Count == 0 ? [] : [.. found, .. logs.ErrorLines(ErrorsShown)],
            Processes = [.. arena.Fleet.All.Select(Vitals.Of).OfType<Vitals>()],
            BrokerConnections = connections,
            BrokerChannels = channels,
            Trends = injection.Trends,
        };
        if (result.IsGreen)
        {
            File.Delete(_history);
            File.Delete(_tap);
        }
        else
        {
            File.Copy(arena.Broker.Server.LogFile, Path.Combine(arena.Directory, $"{turn.Number}-{turn.Case.Name}-broker.log"), overwrite: true);
        }

        return result;
    }

    /// <returns>Why the fault could not be injected, if it could not, and what runs since the case was healed.</returns>
    private async Task<(string? Failure, Stopwatch Healed)> InjectAsync(Injection injection, Load load, CancellationToken cancellationToken)
    {
        string? failure = null;
        var healed = new Stopwatch();
        try
        {
            await Task.Delay(WarmUp, cancellationToken);
            await turn.Case.InjectAsync(injection);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            failure = $"the fault could not be injected: {exception.Message}";
        }
        finally
        {
            await injection.HealAsync();
            healed.Start();
            await Task.Delay(AfterHealing, CancellationToken.None);
            await load.DisposeAsync();
        }

        return (failure, healed);
    }

    private async Task<TimeSpan?> FirstPublishAsync(Injection injection, CancellationToken cancellationToken)
    {
        if (injection.BrokerBackAt is not { } back)
        {
            return null;
        }

        var first = await arena.Database.ScalarAsync<DateTime>(
            "SELECT min(sent_at) FROM outbox_message WHERE sent_at > @back", cancellationToken, ("back", back));
        return first == default ? null : first - back;
    }

    private async Task<Dictionary<int, long>> SuppressedAsync(CancellationToken cancellationToken)
    {
        var counted = new Dictionary<int, long>();
        foreach (var consumer in arena.Fleet.Consumers)
        {
            counted[consumer.Id] = (long)await arena.Fleet.SumAsync(consumer, "inbox_duplicates_suppressed", cancellationToken);
        }

        return counted;
    }
}
