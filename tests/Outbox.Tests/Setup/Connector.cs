using Messaging;
using Microsoft.Extensions.Hosting;

namespace Outbox.Tests;

internal static class Connector
{
    public static BrokerConnector To(string uri, TimeSpan? patience = null)
    {
        var host = Host.CreateEmptyApplicationBuilder(null);
        host.Configuration["ConnectionStrings:RabbitMq"] = uri;
        return patience is null
            ? new BrokerConnector(host.Configuration, host.Environment)
            : new BrokerConnector(host.Configuration, host.Environment) { Patience = patience.Value };
    }
}
