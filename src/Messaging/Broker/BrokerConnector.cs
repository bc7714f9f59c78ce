using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Messaging;

/// <summary>Opens connections to the broker of <c>ConnectionStrings:RabbitMq</c>, each for one purpose.</summary>
internal sealed class BrokerConnector
{
    // What brokers up to 3.13 let pass unless told otherwise. The client's own bound is half of it, and whoever receives a longer
    // message loses the connection.
    private const uint MaxBodyBytes = 128 * 1024 * 1024;

    private readonly Uri _uri;

    public BrokerConnector(IConfiguration configuration, IHostEnvironment environment)
    {
        AppId = environment.ApplicationName;
        _uri = BrokerAddress.Read(configuration);
    }

    /// <summary>The name of this service, sent as app_id with each message.</summary>
    public string AppId { get; }

    /// <summary>How long a connection may take to open, the login included.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Opens a connection that the broker's operator sees under the name of its purpose.</summary>
    /// <exception cref="IOException">Nothing accepts a connection, or the broker refuses the login; it says which.</exception>
    /// <exception cref="TimeoutException">Something accepts the connection and does not open it within <see cref="Patience"/>.</exception>
    public async Task<BrokerConnection> ConnectAsync(string purpose, CancellationToken cancellationToken)
    {
        Socket? socket = null;
        var factory = new ConnectionFactory
        {
            Uri = _uri,
            // For an amqps URI the client would take the certificate of any host: whoever has one could have the password, and all messages.
            Ssl = new SslOption(_uri.IdnHost, enabled: _uri.Scheme == "amqps")
            {
                CertificateValidationCallback = (_, _, _, errors) => errors == SslPolicyErrors.None
                    ? true
                    : throw new AuthenticationException($"The broker's certificate is not one for {_uri.IdnHost} that this machine trusts: {errors}."),
            },
            // One loop of ours handles every failure the same way. The client's own recovery ignores channel errors and
            // refused redeclarations, hides stale acks, and has been seen to wedge.
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            MaxInboundMessageBodySize = MaxBodyBytes,
            RequestedHeartbeat = TimeSpan.FromSeconds(5),
            RequestedConnectionTimeout = TimeSpan.FromSeconds(5),
            ContinuationTimeout = TimeSpan.FromSeconds(10),
            SocketFactory = family =>
            {
                var client = ConnectionFactoryBase.DefaultSocketFactory(family);
                socket = client.Client;
                return client;
            },
        };
        // The client bounds neither the TLS handshake nor its wait for the broker's first word, and what has accepted may never
        // say one: a load balancer without a broker behind it, or a broker that is frozen.
        using var opening = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var close = opening.Token.Register(() => socket?.Dispose());
        opening.CancelAfter(Patience);
        try
        {
            var connection = await factory.CreateConnectionAsync($"{AppId} {purpose} {Environment.MachineName}/{Environment.ProcessId}", opening.Token);
            return new BrokerConnection(connection, socket!);
        }
        catch (Exception) when (opening.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new TimeoutException($"The broker's address accepts connections and does not answer: none was open within {Patience.TotalSeconds:0.#} s.");
        }
        catch (BrokerUnreachableException unreachable)
        {
            // The client says the same of a wrong password as of a closed port.
            throw new IOException($"No connection to the broker: {unreachable.GetBaseException().Message}", unreachable);
        }
    }
}
