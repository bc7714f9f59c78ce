namespace Inbox;

/// <summary>What a lane is given for as long as its subscription lasts.</summary>
/// <param name="Settle">Called with deliveries that may be acked.</param>
/// <param name="Copies">Those whose copies are on their way.</param>
/// <param name="Stopping">Ends waits and further tries.</param>
/// <param name="Abandon">Ends what is running; not before <paramref name="Stopping"/>.</param>
internal sealed record LaneTerm(
    Action<IReadOnlyList<Delivery>> Settle, UnconfirmedCopies Copies, CancellationToken Stopping, CancellationToken Abandon);
