using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Servers;

namespace TestSupport;

/// <summary>The management API of the broker, for one virtual host that is deleted at the end.</summary>
public sealed class BrokerManagement : IAsyncDisposable
{
    private const int UsualPort = 15672;

    private readonly HttpClient _api;
    private readonly string _virtualHost;

    private BrokerManagement(HttpClient api, string virtualHost) => (_api, _virtualHost) = (api, virtualHost);

    /// <summary>Null where the broker cannot be managed.</summary>
    internal static async Task<BrokerManagement?> AddVirtualHostAsync(ServerPair servers, string name)
    {
        if (await OpenAsync(servers) is not { } api)
        {
            return null;
        }

        var user = new Uri(servers.RabbitMq).UserInfo.Split(':')[0];
        (await api.PutAsJsonAsync($"vhosts/{name}", new { })).EnsureSuccessStatusCode();
        (await api.PutAsJsonAsync($"permissions/{name}/{user}", new { configure = ".*", write = ".*", read = ".*" })).EnsureSuccessStatusCode();
        return new BrokerManagement(api, name);
    }

    /// <summary>Closes all connections of the virtual host from the broker's side, and returns how many there were. The
    /// broker learns of a new connection within 5 seconds.</summary>
    public async Task<int> CloseConnectionsAsync()
    {
        var connections = await _api.GetFromJsonAsync<JsonElement[]>($"vhosts/{_virtualHost}/connections");
        foreach (var connection in connections!)
        {
            var name = Uri.EscapeDataString(connection.GetProperty("name").GetString()!);
            await _api.DeleteAsync($"connections/{name}");
        }

        return connections.Length;
    }

    /// <summary>Any other question to the API, by its path below /api/, where {vhost} stands for the virtual host.</summary>
    public Task<JsonElement> GetAsync(string path) =>
        _api.GetFromJsonAsync<JsonElement>(path.Replace("{vhost}", _virtualHost, StringComparison.Ordinal));

    /// <summary>Sets a policy on queues and exchanges whose names match.</summary>
    public async Task SetPolicyAsync(string name, string pattern, object definition) =>
        (await _api.PutAsJsonAsync($"policies/{_virtualHost}/{name}", new { pattern, definition })).EnsureSuccessStatusCode();

    /// <summary>Deletes a policy. Its queues learn of that a moment later.</summary>
    public async Task DeletePolicyAsync(string name) => (await _api.DeleteAsync($"policies/{_virtualHost}/{name}")).EnsureSuccessStatusCode();

    /// <summary>Sets what a user may do in the virtual host, as patterns of names.</summary>
    public async Task SetPermissionsAsync(string user, string configure, string write, string read) =>
        (await _api.PutAsJsonAsync($"permissions/{_virtualHost}/{user}", new { configure, write, read })).EnsureSuccessStatusCode();

    /// <summary>Sets which routing keys of a topic exchange a user may write to, beside the permission for the exchange itself.</summary>
    public async Task SetTopicPermissionsAsync(string user, string exchange, string write) =>
        (await _api.PutAsJsonAsync($"topic-permissions/{_virtualHost}/{user}", new { exchange, write, read = ".*" })).EnsureSuccessStatusCode();

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        (await _api.DeleteAsync($"vhosts/{_virtualHost}")).Dispose();
        _api.Dispose();
    }

    private static async Task<HttpClient?> OpenAsync(ServerPair servers)
    {
        var broker = new Uri(servers.RabbitMq);
        var address = servers.Management ?? new Uri($"http://{broker.UserInfo}@{broker.Host}:{UsualPort}/");
        var api = new HttpClient
        {
            BaseAddress = new Uri(address.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped) + "/api/"),
            Timeout = TimeSpan.FromSeconds(10),
            DefaultRequestHeaders =
            {
                Authorization = new AuthenticationHeaderValue(
                    "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(address.UserInfo)))),
            },
        };
        try
        {
            using var answer = await api.GetAsync("whoami");
            if (answer.IsSuccessStatusCode)
            {
                return api;
            }
        }
        catch (HttpRequestException) when (servers.Management is null)
        {
            // A broker given by its AMQP address alone may well have no management plugin.
        }

        api.Dispose();
        return null;
    }
}
