namespace Faults;

/// <summary>How much is asked of the service.</summary>
/// <param name="Clients">HTTP clients side by side.</param>
/// <param name="Pace">The pause of a client between two orders.</param>
internal sealed record LoadShape(int Clients, TimeSpan Pace)
{
    public static readonly LoadShape Usual = new(12, TimeSpan.FromMilliseconds(60));

    /// <summary>About seventy orders a second: twenty thousand in five minutes.</summary>
    public static readonly LoadShape Patient = new(12, TimeSpan.FromMilliseconds(160));
}

/// <summary>Clients and writers at work, from the start of a case until its faults are healed.</summary>
internal sealed class Load : IAsyncDisposable
{
    private const int Writers = 2;
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _giveUp = new();
    private readonly JsonLinesWriter<HistoryLine> _history;
    private readonly Task _work;
    private int _orders;

    private Load(Arena arena, string name, int seed, string historyFile, LoadShape shape)
    {
        _history = new JsonLinesWriter<HistoryLine>(historyFile);
        var urls = arena.Fleet.Apis.Select(api => api.Url).ToList();
        var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        var clients = Enumerable.Range(0, shape.Clients).Select(number =>
        {
            var random = new Random(Seeds.Of(seed, number));
            return PlaceAsync(new OrderClient(http, urls, _history, random), random, $"{name}-{number}", shape.Pace);
        });
        var writers = Enumerable.Range(0, Writers).Select(number =>
            new KeyedWriter(arena.Database, name, _history, new Random(Seeds.Of(seed, 1_000 + number))).RunAsync(_stop.Token));
        _work = Task.WhenAll([.. clients, .. writers]);
    }

    /// <summary>How many orders the clients have set out to place.</summary>
    public int Orders => Volatile.Read(ref _orders);

    /// <summary>Starts. Everything that is asked carries <paramref name="name"/>, which no other load has.</summary>
    public static Load Start(Arena arena, string name, int seed, string historyFile, LoadShape shape) => new(arena, name, seed, historyFile, shape);

    /// <summary>Notes a message that a case has written and committed.</summary>
    public void Wrote(Guid order) => _history.Write(new HistoryLine(DateTime.UtcNow, Asked.Write, "case", Told.Done, Order: order));

    /// <summary>Asks for nothing new, lets the clients find out what they do not know yet, and closes the history.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _giveUp.CancelAfter(LastWords);
        await _work;
        _history.Dispose();
        _stop.Dispose();
        _giveUp.Dispose();
    }

    private async Task PlaceAsync(OrderClient client, Random random, string name, TimeSpan pace)
    {
        // On the pool from here on: the caller starts many of these.
        await Task.Yield();
        for (var number = 0; !_stop.IsCancellationRequested; number++)
        {
            Interlocked.Increment(ref _orders);
            await client.CarryOutAsync(OrderPlan.Next(random, $"{name}-{number}"), _giveUp.Token);
            await Task.Delay(pace, CancellationToken.None);
        }
    }
}
