using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using Servers.Native;

namespace Faults;

/// <summary>The broker, seen by its administrator and past every proxy.</summary>
internal sealed class Broker : IDisposable
{
    private const string User = "service";
    private const string VirtualHost = "%2F";
    private static readonly string[] ServiceQueues = [Queues.Fulfilment, Queues.Notifications];

    private readonly IReadOnlyList<HttpClient> _apis;
    private readonly string _password;

    public Broker(IReadOnlyList<NativeRabbitMq> nodes)
    {
        Nodes = nodes;
        var credentials = Uri.UnescapeDataString(Server.Management.UserInfo);
        _password = credentials.Split(':')[1];
        _apis = [.. nodes.Select(node => new HttpClient
        {
            BaseAddress = new Uri(node.Management.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped) + "/api/"),
            Timeout = TimeSpan.FromSeconds(15),
            DefaultRequestHeaders =
            {
                Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials))),
            },
        })];
    }

    /// <summary>The nodes of the broker; one, unless a case is about a cluster.</summary>
    public IReadOnlyList<NativeRabbitMq> Nodes { get; }

    /// <summary>The first node.</summary>
    public NativeRabbitMq Server => Nodes[0];

    /// <summary>A connection of the administrator to the first node that takes it. It does not heal itself.</summary>
    public async Task<IConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        for (var next = 0; ; next++)
        {
            var factory = new ConnectionFactory
            {
                Uri = new Uri(Nodes[next].Uri),
                AutomaticRecoveryEnabled = false,
                RequestedConnectionTimeout = TimeSpan.FromSeconds(5),
                ClientProvidedName = "faults",
            };
            try
            {
                return await factory.CreateConnectionAsync(cancellationToken);
            }
            catch (RabbitMQ.Client.Exceptions.BrokerUnreachableException) when (next < Nodes.Count - 1)
            {
            }
        }
    }

    /// <summary>The node that leads a quorum queue.</summary>
    public async Task<NativeRabbitMq> LeaderAsync(string queue, CancellationToken cancellationToken)
    {
        var leader = (await GetAsync($"queues/{VirtualHost}/{queue}", cancellationToken)).GetProperty("leader").GetString();
        return Nodes.First(node => node.Name == leader);
    }

    /// <summary>The service's address, by way of a proxy.</summary>
    public string ServiceAddress(int port) => $"amqp://{User}:{_password}@127.0.0.1:{port}";

    /// <summary>Creates the user of the service.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await PutAsync($"users/{User}", new { password = _password, tags = "" }, cancellationToken);
        await GrantAsync(cancellationToken);
    }

    public Task GrantAsync(CancellationToken cancellationToken) => SetPermissionsAsync(".*", cancellationToken);

    public Task RevokeAsync(CancellationToken cancellationToken) => SetPermissionsAsync("^$", cancellationToken);

    public Task SetPolicyAsync(string name, string pattern, object definition, CancellationToken cancellationToken) =>
        PutAsync($"policies/{VirtualHost}/{name}", new Dictionary<string, object> { ["pattern"] = pattern, ["definition"] = definition, ["apply-to"] = "queues" }, cancellationToken);

    /// <summary>Does nothing where it is gone already.</summary>
    public async Task DeletePolicyAsync(string name, CancellationToken cancellationToken)
    {
        var policies = await GetAsync($"policies/{VirtualHost}", cancellationToken);
        if (policies.EnumerateArray().Any(policy => policy.GetProperty("name").GetString() == name))
        {
            await DeleteAsync($"policies/{VirtualHost}/{name}", cancellationToken);
        }
    }

    public Task DeleteQueueAsync(string queue, CancellationToken cancellationToken) => DeleteAsync($"queues/{VirtualHost}/{queue}", cancellationToken);

    public Task DeleteExchangeAsync(string exchange, CancellationToken cancellationToken) => DeleteAsync($"exchanges/{VirtualHost}/{exchange}", cancellationToken);

    public Task UnbindAsync(string exchange, string queue, string routingKey, CancellationToken cancellationToken) =>
        DeleteAsync($"bindings/{VirtualHost}/e/{exchange}/q/{queue}/{routingKey}", cancellationToken);

    public Task BindAsync(string exchange, string queue, string routingKey, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, $"bindings/{VirtualHost}/e/{exchange}/q/{queue}", new { routing_key = routingKey }, cancellationToken);

    /// <summary>Names of all queues.</summary>
    public async Task<IReadOnlyList<string>> QueuesAsync(CancellationToken cancellationToken) =>
        [.. (await GetAsync($"queues/{VirtualHost}?columns=name", cancellationToken)).EnumerateArray().Select(queue => queue.GetProperty("name").GetString()!)];

    /// <summary>Which queues hold how many messages that the service has still to settle: ready or delivered, in its own and in
    /// their retry queues. The broker's figures of a queue at rest are up to five seconds old, and after a restart there are none for a
    /// while: such a queue holds something, for all that is known. What is ready is asked of the queues themselves.</summary>
    public async Task<IReadOnlyList<string>> HeldAsync(CancellationToken cancellationToken)
    {
        var figures = await GetAsync($"queues/{VirtualHost}?columns=name,messages", cancellationToken);
        var queues = figures.EnumerateArray().Where(IsWorkedOff).ToList();
        List<string> held = [.. queues.Where(queue => Messages(queue) != 0).Select(queue => $"{Name(queue)} {Messages(queue)?.ToString(CultureInfo.InvariantCulture) ?? "of which there are no figures"}")];
        return held.Count > 0 ? held : await ReadyAsync(queues.Select(Name), cancellationToken) is > 0 and var ready ? [$"{ready} ready"] : [];
    }

    /// <summary>Messages that are ready in some queues, asked of the queues themselves.</summary>
    public async Task<long> ReadyAsync(IEnumerable<string> queues, CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        var ready = 0L;
        foreach (var queue in queues)
        {
            ready += (await channel.QueueDeclarePassiveAsync(queue, cancellationToken)).MessageCount;
        }

        return ready;
    }

    /// <summary>Messages in the dead-letter queues. Figures of the management plugin are gone for a while after a restart.</summary>
    public Task<long> DeadAsync(CancellationToken cancellationToken) =>
        ReadyAsync(ServiceQueues.Select(queue => queue + ".dead"), cancellationToken);

    /// <summary>How many connections and channels the service has open.</summary>
    public async Task<(int Connections, int Channels)> OpenAsync(CancellationToken cancellationToken)
    {
        var connections = (await GetAsync("connections?columns=user,channels", cancellationToken)).EnumerateArray()
            .Where(connection => connection.TryGetProperty("user", out var user) && user.GetString() == User).ToList();
        return (connections.Count, connections.Sum(connection => connection.TryGetProperty("channels", out var channels) ? channels.GetInt32() : 0));
    }

    private static bool IsWorkedOff(JsonElement queue) =>
        ServiceQueues.Any(name => Name(queue) == name || Name(queue).StartsWith(name + ".retry.", StringComparison.Ordinal));

    private static string Name(JsonElement queue) => queue.GetProperty("name").GetString()!;

    private static long? Messages(JsonElement queue) => queue.TryGetProperty("messages", out var messages) ? messages.GetInt64() : null;

    private Task SetPermissionsAsync(string pattern, CancellationToken cancellationToken) =>
        PutAsync($"permissions/{VirtualHost}/{User}", new { configure = pattern, write = pattern, read = pattern }, cancellationToken);

    private Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken) =>
        AskAsync(api => api.GetFromJsonAsync<JsonElement>(path, cancellationToken));

    private Task PutAsync(string path, object body, CancellationToken cancellationToken) => SendAsync(HttpMethod.Put, path, body, cancellationToken);

    private Task DeleteAsync(string path, CancellationToken cancellationToken) => SendAsync(HttpMethod.Delete, path, null, cancellationToken);

    private async Task SendAsync(HttpMethod method, string path, object? body, CancellationToken cancellationToken)
    {
        using var answer = await AskAsync(async api =>
        {
            using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
            return (await api.SendAsync(request, cancellationToken)).EnsureSuccessStatusCode();
        });
    }

    private async Task<T> AskAsync<T>(Func<HttpClient, Task<T>> ask)
    {
        foreach (var api in _apis.SkipLast(1))
        {
            try
            {
                return await ask(api);
            }
            catch (HttpRequestException)
            {
                // Perhaps another node answers.
            }
        }

        return await ask(_apis[^1]);
    }

    public void Dispose()
    {
        foreach (var api in _apis)
        {
            api.Dispose();
        }
    }
}
