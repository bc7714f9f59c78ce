using System.Globalization;
using Servers;

namespace Faults;

/// <summary>The service as it is deployed: two processes that serve requests, two that relay, three that consume; and who
/// starts them again when they have ended.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    private static readonly string[] Names = ["api-1", "api-2", "relay-1", "relay-2", "consumer-1", "consumer-2", "consumer-3"];
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _supervising;

    private Fleet(IReadOnlyList<ServiceProcess> all)
    {
        All = all;
        foreach (var process in all)
        {
            process.Postgres.Accept();
            process.RabbitMq.Accept();
            process.Start();
        }

        _supervising = SuperviseAsync();
    }

    public IReadOnlyList<ServiceProcess> All { get; }

    public IReadOnlyList<ServiceProcess> Apis => Of("api");

    public IReadOnlyList<ServiceProcess> Relays => Of("relay");

    public IReadOnlyList<ServiceProcess> Consumers => Of("consumer");

    public static Fleet Start(ServiceBuild build, Database database, Broker broker, string logDirectory) => new(
        [.. Names.Select(name => new ServiceProcess(name, name.Split('-')[0], build, database, broker, logDirectory))]);

    public IReadOnlyList<ServiceProcess> Of(string role) => [.. All.Where(process => process.Role == role)];

    /// <summary>Completes when every process says that it is ready.</summary>
    /// <exception cref="ServersException">One does not within <paramref name="deadline"/>; the message says which and why.</exception>
    public async Task WaitUntilReadyAsync(TimeSpan deadline, CancellationToken cancellationToken)
    {
        string? reason = null;
        foreach (var process in All)
        {
            if (!await Poll.UntilAsync(async () => (reason = await WhyNotReadyAsync(process, cancellationToken)) is null, deadline, cancellationToken))
            {
                throw new ServersException($"{process.Name} is not ready after {deadline.TotalSeconds:0} s: {reason}");
            }
        }
    }

    /// <summary>The relay that owns the outbox, by its own account.</summary>
    public async Task<ServiceProcess?> OwnerAsync(CancellationToken cancellationToken)
    {
        foreach (var relay in Relays)
        {
            if (await SumAsync(relay, "outbox_owner", cancellationToken) > 0)
            {
                return relay;
            }
        }

        return null;
    }

    /// <summary>The sum of the series of a process whose names begin with <paramref name="metric"/>; 0 where it does not answer.</summary>
    public async Task<double> SumAsync(ServiceProcess process, string metric, CancellationToken cancellationToken)
    {
        try
        {
            var text = await _http.GetStringAsync($"{process.Url}/metrics", cancellationToken);
            return text.Split('\n')
                .Where(line => line.StartsWith(metric, StringComparison.Ordinal) && !line.Contains("_created", StringComparison.Ordinal))
                .Sum(line => double.Parse(Value(line), CultureInfo.InvariantCulture));
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return 0;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _supervising;
        await Task.WhenAll(All.Select(process => process.EndAsync()));
        _http.Dispose();
        _ended.Dispose();
    }

    // name{labels} value timestamp
    private static string Value(string line) => line[(line.LastIndexOf('}') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries) switch
    {
        [var value, ..] when line.Contains('}', StringComparison.Ordinal) => value,
        [_, var value, ..] => value,
        _ => "0",
    };

    private async Task<string?> WhyNotReadyAsync(ServiceProcess process, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await _http.GetAsync($"{process.Url}/health/ready", cancellationToken);
            return answer.IsSuccessStatusCode ? null : await answer.Content.ReadAsStringAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return exception.Message;
        }
    }

    private async Task SuperviseAsync()
    {
        while (!_ended.IsCancellationRequested)
        {
            foreach (var process in All)
            {
                process.Revive();
            }

            await Task.Delay(Look, CancellationToken.None);
        }
    }
}
