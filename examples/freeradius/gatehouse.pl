# Asks Gatehouse whether a user may come in: for FreeRADIUS 3, module perl (rlm_perl). Needs nothing but Perl.
#
#   mods-enabled/gatehouse:        perl gatehouse { filename = /etc/freeradius/3.0/gatehouse.pl }
#   sites-enabled/default:         authorize { update control { &Auth-Type := gatehouse } }
#                                  authenticate { Auth-Type gatehouse { gatehouse } }
#
# The first request holds the PIN: Access-Challenge, and the code goes out by SMS. The second holds the code, and the State of
# the challenge. Let Gatehouse believe who the user is: `otp.client_from` must name this host.
use strict;
use warnings;
use HTTP::Tiny;

our ( %RAD_REQUEST, %RAD_REPLY, %RAD_CHECK );

use constant { RLM_MODULE_REJECT => 0, RLM_MODULE_FAIL => 1, RLM_MODULE_OK => 2, RLM_MODULE_HANDLED => 3 };

my $url   = $ENV{GATEHOUSE_URL}   // 'http://127.0.0.1:8080/validate/simplecheck';
my $realm = $ENV{GATEHOUSE_REALM} // '';
my $http  = HTTP::Tiny->new( timeout => 10, verify_SSL => 1, agent => 'FreeRADIUS' );

sub authenticate {
    my @form = ( user => $RAD_REQUEST{'User-Name'}, pass => $RAD_REQUEST{'User-Password'} // '' );
    my ($client) = grep { defined } @RAD_REQUEST{qw(NAS-IP-Address NAS-IPv6-Address Packet-Src-IP-Address)};
    push @form, client => $client if defined $client;
    push @form, realm => $realm if $realm ne '';
    push @form, state => octets( $RAD_REQUEST{'State'} ) if defined $RAD_REQUEST{'State'};

    my $answer = $http->post_form( $url, \@form );
    if ( !$answer->{success} ) {
        &radiusd::radlog( 4, "Gatehouse does not answer: $answer->{status}" );
        $RAD_REPLY{'Reply-Message'} = 'The login server is not available';
        return RLM_MODULE_FAIL;
    }
    my $said = $answer->{content};
    return RLM_MODULE_OK if $said eq ':-)';
    if ( $said =~ /^:-\( (\S+) (.*)$/s ) {
        $RAD_REPLY{'State'}                 = $1;
        $RAD_REPLY{'Reply-Message'}         = $2;
        $RAD_CHECK{'Response-Packet-Type'} = 'Access-Challenge';
        return RLM_MODULE_HANDLED;
    }
    return RLM_MODULE_REJECT;
}

# FreeRADIUS hands octets over as 0x and hex digits.
sub octets {
    my ($text) = @_;
    return $text =~ /^0x((?:[0-9a-f]{2})*)$/i ? pack( 'H*', $1 ) : $text;
}

1;
